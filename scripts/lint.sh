#!/usr/bin/env bash
# lint.sh: include arrows, long functions, clang-format, shellcheck, actionlint, clang-tidy. Changes nothing; ends with 1 when any finds something.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
failed=0

mapfile -t sources < <(git ls-files --cached --others --exclude-standard -- '*.h' '*.cpp' | sort -u)
existing=()
for file in "${sources[@]}"; do [[ -f $file ]] && existing+=("$file"); done

echo "lint: include arrows"
python3 scripts/check_includes.py || failed=1
python3 scripts/folder_diagram.py --check || failed=1

echo "lint: long functions"
lint_python=$(scripts/tools.sh lint) && "$lint_python" scripts/check_functions.py "${existing[@]}" || failed=1

echo "lint: clang-format on ${#existing[@]} files"
clang-format-14 --dry-run -Werror "${existing[@]}" || { failed=1; echo "lint: 'make format' puts that right"; }

echo "lint: shellcheck"
shellcheck scripts/*.sh scripts/image/*.sh .ci/run || failed=1

echo "lint: actionlint"
"$(scripts/tools.sh actionlint)" || failed=1

echo "lint: clang-tidy"
python3 scripts/clang_tidy.py build/release "$(readlink -f build/tools)/lint" || failed=1

exit $failed
