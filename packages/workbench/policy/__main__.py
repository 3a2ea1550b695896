"""Check every rule: ``python -m workbench.policy``."""

import argparse
from pathlib import Path
import sys

from workbench.policy.registry import RULES
from workbench.policy.tree import Tree

ROOT = Path(__file__).resolve().parents[3]


def main(argv: list[str]) -> int:
    """Print each violation, or one line that says how much was checked."""
    parser = argparse.ArgumentParser(
        prog="python -m workbench.policy", description=__doc__
    )
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository")
    parser.add_argument("--list", action="store_true", help="print the rules and mends")
    parser.add_argument("--rule", default="", help="check the rules so named only")
    arguments = parser.parse_args(argv)
    rules = [rule for rule in RULES if arguments.rule in rule.name]
    if arguments.list:
        lines = [f"{rule.name:24} {rule.mend}" for rule in rules]
    else:
        tree = Tree(arguments.root)
        lines = [line for rule in rules for line in rule.report(tree)]
    failed = bool(lines) and not arguments.list
    if not lines:
        lines = [f"policy: {len(rules)} rules hold in {len(tree.files)} files"]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
