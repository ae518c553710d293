"""The check of long functions finds what is there to find."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FAULTY = {
    "lines": "int f() {\n" + "  g();\n" * 70 + "  return 1;\n}\n",
    "branches": "int f(int a) {\n" + "".join(f"  if (a == {i}) return {i};\n" for i in range(20)) + "  return a;\n}\n",
}
GOOD = {
    "lines": "int f() {\n" + "  g();\n" * 67 + "  return 1;\n}\n",
    "branches": "int f(int a) {\n" + "".join(f"  if (a == {i}) return {i};\n" for i in range(19)) + "  return a;\n}\n",
}
PROGRAM = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import check_functions
for line in check_functions.findings(["a.cpp"], Path(sys.argv[2]), eval(sys.argv[3])):
    print(line)
"""


@pytest.fixture(scope="module")
def python():
    run = subprocess.run([ROOT / "scripts/tools.sh", "lint"], stdout=subprocess.PIPE, text=True, check=True)
    return run.stdout.strip()


@pytest.fixture
def found(python, tmp_path):
    def look(text, exceptions="{}"):
        (tmp_path / "a.cpp").write_text(text)
        arguments = [python, "-c", PROGRAM, ROOT / "scripts", tmp_path, exceptions]
        return subprocess.run(arguments, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()

    return look


@pytest.mark.parametrize("kind", FAULTY)
def test_a_function_above_a_limit_is_found(found, kind):
    (line,) = found(FAULTY[kind])
    assert line.startswith("a.cpp:1: f has ")
    assert found(GOOD[kind]) == []


def test_an_exception_holds_as_long_as_it_is_needed(found):
    exception = "{('a.cpp', 'f'): 'a reason'}"
    assert found(FAULTY["lines"], exception) == []
    (line,) = found(GOOD["lines"], exception)
    assert "needs no exception" in line
