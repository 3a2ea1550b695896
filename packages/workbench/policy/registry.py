"""Every rule, family by family."""

from workbench.policy import (
    deploy,
    imports,
    jobs,
    layers,
    layout,
    locks,
    queries,
    shell,
    style,
)

RULES = (
    *layout.RULES,
    *locks.RULES,
    *deploy.RULES,
    *imports.RULES,
    *layers.RULES,
    *jobs.RULES,
    *queries.RULES,
    *style.RULES,
    *shell.RULES,
)
