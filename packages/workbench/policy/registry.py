"""Every rule, family by family."""

from workbench.policy import (
    deploy,
    images,
    imports,
    jobs,
    layers,
    layout,
    locks,
    queries,
    shell,
    style,
    terraform,
)

RULES = (
    *layout.RULES,
    *locks.RULES,
    *deploy.RULES,
    *terraform.RULES,
    *images.RULES,
    *imports.RULES,
    *layers.RULES,
    *jobs.RULES,
    *queries.RULES,
    *style.RULES,
    *shell.RULES,
)
