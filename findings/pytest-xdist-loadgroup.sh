#!/usr/bin/env bash
# pytest-xdist 3.8.0 with pytest 9.2.0: --dist loadgroup does not keep a group on one worker.
# Two tests of @pytest.mark.xdist_group("one") are documented to run on the same worker. With these two versions
# they run on different ones: xdist appends "@one" to an attribute of the item from which pytest 9.2 no longer
# takes the node id. No warning is printed. With pytest 9.0.2 the same tests run on one worker.
# Output seen:  pytest 9.2.0: 2 workers    pytest 9.0.2: 1 worker
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cat > "$folder/test_group.py" <<'PY'
import os, pathlib, time, pytest

@pytest.mark.xdist_group("one")
@pytest.mark.parametrize("n", range(6))
def test_same_worker(n):
    time.sleep(0.2)
    pathlib.Path(__file__).with_name(f"ran-{os.environ['PYTEST_XDIST_WORKER']}").touch()
PY
workers() {
  python3 -m venv "$folder/$1" && "$folder/$1/bin/pip" install -q "pytest==$1" pytest-xdist==3.8.0
  rm -f "$folder"/ran-*
  (cd "$folder" && "$folder/$1/bin/python" -m pytest -q -p no:cacheprovider -n 2 --dist loadgroup test_group.py >/dev/null)
  find "$folder" -maxdepth 1 -name 'ran-*' | wc -l
}
new=$(workers 9.2.0); old=$(workers 9.0.2)
echo "pytest 9.2.0: $new worker(s)    pytest 9.0.2: $old worker(s)"
[ "$new" -eq 2 ] && [ "$old" -eq 1 ]
