"""Tests of the DAG: it compiles, and the operator knows what it is given.

Airflow is not installed here. The parameters below were read from the operator's
source in version 10.25.0 of its provider; that a scheduler accepts the DAG is not
shown.
"""

import ast
from typing import Any
import unittest

import kubernetes_validate

from etl_core.errors import ConfigError
from etl_core.manifests.airflow import render
from etl_core.manifests.kubernetes import documents
from etl_core.tests.deployments import make_deployment

OPERATOR = {
    "base_container_name",
    "do_xcom_push",
    "get_logs",
    "name",
    "namespace",
    "on_finish_action",
    "pod_template_dict",
    "reattach_on_restart",
}
EVERY_OPERATOR = {"retries", "retry_delay", "task_id"}
DAG = {"catchup", "dag_id", "max_active_runs", "schedule", "start_date"}


def calls(text: str, name: str) -> list[dict[str, ast.expr]]:
    """Return the arguments of each call of a class."""
    return [
        {str(word.arg): word.value for word in node.keywords}
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == name
    ]


def rendered(**overrides: Any) -> str:  # noqa: ANN401
    """Return the file for two agencies."""
    base = make_deployment(**{"arguments": ()} | overrides)
    both = list(base.for_each("agency_id", ("10", "11")))
    return render(both, ["data-pipeline", 'a"""b\\'])


class AirflowTest(unittest.TestCase):
    """A DAG of two tasks."""

    def test_file_compiles(self) -> None:
        """Whatever stands in the command that made it."""
        compile(rendered(), "dag.py", "exec")

    def test_parameters_are_known(self) -> None:
        """To the operator, to every operator, and to the DAG."""
        text = rendered(schedule="@daily")
        [dag] = calls(text, "DAG")
        self.assertLessEqual(set(dag), DAG)
        self.assertEqual("@daily", ast.literal_eval(dag["schedule"]))
        tasks = calls(text, "KubernetesPodOperator")
        self.assertEqual(2, len(tasks))
        for task in tasks:
            self.assertLessEqual(set(task), OPERATOR | EVERY_OPERATOR)

    def test_pod_is_that_of_the_job(self) -> None:
        """But for what only a Job tells its pods; it is a valid pod."""
        task = calls(rendered(), "KubernetesPodOperator")[0]
        pod = ast.literal_eval(task["pod_template_dict"])
        kubernetes_validate.validate(pod, "1.32", strict=True)
        [deployment, _] = make_deployment(arguments=()).for_each(
            "agency_id", ("10", "11")
        )
        [job] = documents([deployment])
        expected = job["spec"]["template"]["spec"]
        [container] = expected["containers"]
        container["env"] = [it for it in container["env"] if "value" in it]
        self.assertEqual(expected, pod["spec"])
        self.assertEqual(
            container["name"], ast.literal_eval(task["base_container_name"])
        )

    def test_shards_are_refused(self) -> None:
        """A task of Airflow is no Indexed Job."""
        with self.assertRaisesRegex(ConfigError, "--shards"):
            rendered(shards=2)


if __name__ == "__main__":
    unittest.main()
