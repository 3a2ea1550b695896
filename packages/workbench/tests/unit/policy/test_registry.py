"""What holds for all rules together."""

from pathlib import Path
import unittest

from workbench.policy.registry import RULES
from workbench.tests.unit.policy.repository import RuleTest


class RegistryTest(RuleTest):
    """The rules as a whole."""

    def test_names_are_unique(self) -> None:
        """Two rules never share a name."""
        names = [rule.name for rule in RULES]
        self.assertEqual(len(set(names)), len(names))

    def test_small_repository_is_green(self) -> None:
        """The repository that the other tests spoil breaks no rule."""
        for rule in RULES:
            with self.subTest(rule.name):
                self.assert_green(rule.name, {})

    def test_each_rule_is_seen_red_and_green(self) -> None:
        """Every rule has a test that shows it failing and one that shows it mended."""
        tests = Path(__file__).parent.glob("test_*.py")
        text = "".join(" ".join(path.read_text().split()) for path in tests)
        text = text.replace("( ", "(")
        for rule in RULES:
            with self.subTest(rule.name):
                self.assertIn(f'assert_red("{rule.name}"', text)
                self.assertIn(f'assert_green("{rule.name}"', text)


if __name__ == "__main__":
    unittest.main()
