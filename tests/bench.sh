#!/bin/sh
# The scripts of the bench, without what they measure beside netc: a stand-in has the peers' turns.
. tests/lib.sh
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then
    echo "left out: there is no Python 3 here"
    finish bench
    exit
fi
export PYTHONDONTWRITEBYTECODE=1

same() { cmp "$1" "$2" || diff "$1" "$2"; }

# bench NETC ARGUMENTS...: what it says stays in $temp/said.
bench() {
    bench_netc=$1
    shift
    python3 bench/bench.py --netc "$bench_netc" --work "$temp/work" --cc "$CC" --quick --rounds 2 "$@" >"$temp/said" 2>&1
    bench_status=$?
    cat "$temp/said"
    return $bench_status
}
refused() { ! bench "$@"; }

check "units" python3 tests/bench/units.py "$NETC"

# Recorded figures become the table, the page and the chart that were reviewed.
check "renders" python3 tests/bench/render.py tests/bench/recorded.json "$temp"
for file in results.txt results.md results.svg growth.svg; do
    check "$file is as reviewed" same "tests/bench/$file" "$temp/$file"
done

# A stand-in for the peers' Python: netc is measured, the peer says what it is told to.
cat >"$temp/python" <<'PEER'
#!/bin/sh
[ "$1" = -c ] && { echo "stand-in 1, "; exit; }
echo '{"parameters": 235146}'
while read -r turn; do echo '{"seconds": 1000}'; done
PEER
chmod +x "$temp/python"
check "measures by turns" bench "$NETC" --rows perceptron --python "$temp/python"
check "the stand-in was far slower" grep -q "^perceptron .* 1e+03 s  *aim reached" "$temp/said"
check "a part of the rows leaves the committed results alone" test -s "$temp/work/results.md"

printf '%s\n' '#!/bin/sh' 'echo "no module named torch" >&2' 'exit 1' >"$temp/python"
check "goes on without the peers" bench "$NETC" --rows perceptron --python "$temp/python"
check "says why" grep -q "^perceptron .* not measured: no module named torch" "$temp/said"
check "goes on with a netc that is not there" bench "$temp/none" --rows cost-netc
check "says why" grep -q "^cost-netc .* not measured: .*none" "$temp/said"
check "shows how the time grows" python3 bench/growth.py --netc "$NETC" --work "$temp/work" --cc "$CC" --quick --rounds 1 \
    --rows images
check "as a chart" grep -q "images an epoch</text>" "$temp/work/growth.svg"
check "says why there is no chart" sh -c "! python3 bench/growth.py --netc '$temp/none' --work '$temp/work' --rows batch"
check "refuses a row that is not there" refused "$NETC" --rows nothing
check "says which there are" grep -q "no row nothing; there are: seed-eager " "$temp/said"
finish bench
