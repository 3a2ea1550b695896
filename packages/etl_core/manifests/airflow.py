"""An Airflow DAG whose tasks start the same pods as a Job of Kubernetes."""

from collections.abc import Iterator, Sequence
import pprint
import shlex
from textwrap import indent

from etl_core.errors import ConfigError
from etl_core.manifests.deployment import Deployment
from etl_core.manifests.kubernetes import RETRIES
from etl_core.manifests.names import plain
from etl_core.manifests.pod import CONTAINER, pod_template

HEAD = '''\
"""Made by: {made_by}."""

from datetime import datetime, timedelta, timezone

from airflow import DAG
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator

with DAG(
    dag_id={dag_id!r},
    schedule={schedule!r},
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
):
'''
# The operator starts another pod for every failure. That is harmless, because a start
# continues the run, and useless after exit code 2, 3 or 65.
TASK = """\
KubernetesPodOperator(
    task_id={task_id!r},
    name={name!r},
    namespace={namespace!r},
    base_container_name={container!r},
    get_logs=True,
    do_xcom_push=False,
    reattach_on_restart=True,
    on_finish_action="delete_succeeded_pod",
    retries={retries!r},
    retry_delay=timedelta(minutes=1),
    pod_template_dict={template},
)
"""


def render(deployments: Sequence[Deployment], made_by: Sequence[str]) -> str:
    """Return the text of a file for the folder of DAGs.

    :param made_by: the command that makes it again.
    :raises ConfigError: when shards are asked for.
    """
    first = deployments[0]
    if first.shards:
        raise ConfigError(
            "--shards: a shard is restarted by itself only by --target kubernetes"
        )
    head = HEAD.format(
        made_by=shlex.join(made_by).replace("\\", "\\\\").replace('"""', '\\"""'),
        dag_id=plain(first.job),
        schedule=first.schedule or None,
    )
    return head + "\n".join(indent(task, "    ") for task in _tasks(deployments))


def _tasks(deployments: Sequence[Deployment]) -> Iterator[str]:
    """Yield the text of each task."""
    for deployment in deployments:
        name = "-".join(map(plain, (deployment.job, *deployment.called)))
        template = {"apiVersion": "v1", "kind": "Pod", **pod_template(deployment)}
        yield TASK.format(
            task_id=name.replace("-", "_"),
            name=name,
            namespace=deployment.place.namespace or None,
            container=CONTAINER,
            retries=RETRIES if deployment.retries is None else deployment.retries,
            template=_literal(template),
        )


def _literal(value: object) -> str:
    """Return a value as Python writes it, for an indented place."""
    text = pprint.pformat(value, width=80, sort_dicts=False)
    return indent(text, "    ").lstrip()
