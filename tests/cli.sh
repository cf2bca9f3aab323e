#!/bin/sh
# The commands of netc as one types them, right and wrong, and what happens to the output folder.
# Runs $NETC (default: build/netc) in the source tree; everything is written to a temporary folder.

root=$(cd "$(dirname "$0")/.." && pwd)
NETC=${NETC:-$root/build/netc}
case $NETC in
    /*) ;;
    *) NETC=$(pwd)/$NETC ;;
esac
[ -x "$NETC" ] || { echo "$NETC is missing: run make first"; exit 1; }
data=$root/data/mnist
temp=$(mktemp -d) || exit 3
trap 'chmod -R u+w "$temp"; rm -rf "$temp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$temp" || exit 3
mkdir specs out && cp "$root"/specs/*.net specs/
spec=specs/lenet.net
passed=0 failed=0

pass() { passed=$((passed + 1)); }
fail() { failed=$((failed + 1)); echo "FAILED: $1"; shift; cat "$@" | sed 's/^/    | /' | head -20; }

# expect NAME STATUS PATTERN COMMAND...: the command ends with STATUS, and what it prints to standard error (to standard
# output, where it succeeds) has a line that matches PATTERN.
expect() {
    name=$1 status=$2 pattern=$3
    shift 3
    "$@" > out.txt 2> err.txt < /dev/null
    got=$?
    if [ $got -eq 0 ]; then heard=out.txt; else heard=err.txt; fi
    if [ "$got" -ne "$status" ]; then fail "$name (exit status $got, not $status)" out.txt err.txt
    elif [ -n "$pattern" ] && ! grep -q -e "$pattern" $heard; then fail "$name (no line like $pattern)" out.txt err.txt
    else pass; fi
}

# holds NAME COMMAND...: the command succeeds. What the last expect heard stays in out.txt and err.txt.
holds() {
    name=$1
    shift
    if "$@" > said.txt 2>&1; then pass; else fail "$name" said.txt; fi
}

# fails NAME COMMAND...: it does not.
fails() {
    name=$1
    shift
    if "$@" > said.txt 2>&1; then fail "$name" said.txt; else pass; fi
}

# Every file below a folder with its bytes and its time stamp.
snapshot() { find "$1" -type f -exec cksum {} + | sort; find "$1" -printf '%p %T@\n' | sort; }
# Whether before.txt and after.txt differ at most in the time stamp of the folder itself.
same_files() { grep -v "^$1 [0-9]" before.txt > a.txt; grep -v "^$1 [0-9]" after.txt | cmp a.txt -; }
nothing_left() { test -z "$(find "$1" -name '.netc-*')"; }

# --- what needs no spec ---
expect 'version'              0 '^netc [0-9][0-9.]*$'       "$NETC" --version
expect 'help'                 0 'netc check SPEC'           "$NETC" --help
expect '-h'                   0 'netc check SPEC'           "$NETC" -h
expect 'netc help'            0 'netc check SPEC'           "$NETC" help
expect 'netc run --help'      0 'netc check SPEC'           "$NETC" run --help
expect 'help says --no-tuned' 0 'no-tuned .*plain'          "$NETC" --help
expect 'the runtime'          0 '^/.*/runtime$'             "$NETC" --runtime
holds  'the runtime is there' test -f "$("$NETC" --runtime)/model.h"

# --- wrong command lines ---
expect 'no arguments'         2 '^usage: netc'                       "$NETC"
expect 'unknown option'       2 'no option --cup; did you mean --cpu' "$NETC" $spec --cup=avx2
expect 'unknown short option' 2 'no option -x'                       "$NETC" $spec -x
expect 'where to look'        2 'see netc --help'                    "$NETC" $spec -x
expect 'unknown cpu'          2 'expected native|.*did you mean avx512' "$NETC" $spec --cpu=avx51
expect 'cpu without a value'  2 '--cpu needs a value'                "$NETC" $spec --cpu
expect 'cpu= without a value' 2 '--cpu needs a value'                "$NETC" $spec --cpu=
expect 'cpu before an option' 2 '--cpu needs a value'                "$NETC" $spec --cpu --no-tuned
expect '-o without a value'   2 '-o needs a value'                   "$NETC" $spec -o
expect '-o twice'             2 '-o is given twice'                  "$NETC" $spec -o a -o b
expect 'a value too many'     2 'no-tuned takes no value'            "$NETC" $spec --no-tuned=yes
expect 'version with a value' 2 'version takes no value'             "$NETC" --version=1
expect 'unknown stage'        2 'expected ast|graph|plan; did you mean graph' "$NETC" --emit=grahp $spec
expect 'unknown command'      2 'no command chekc; did you mean check' "$NETC" chekc $spec
expect 'no such command'      2 'no command train$'                  "$NETC" train $spec
expect 'two commands'         2 'two commands'                       "$NETC" check --emit=ast $spec
expect '-o with check'        2 '-o does not belong to netc check'   "$NETC" check $spec -o out
expect '--cpu with check'     2 '--cpu does not belong'              "$NETC" check $spec --cpu=avx2
expect '--no-tuned and ast'   2 'does not belong to netc --emit=ast' "$NETC" --emit=ast $spec --no-tuned
expect 'an option too many'   2 'takes no options'                   "$NETC" --version -o out
expect 'version of a spec'    2 'takes no spec'                      "$NETC" --version $spec
expect 'check without a spec' 2 'expected a spec'                    "$NETC" check
expect 'options only'         2 'expected a spec'                    "$NETC" --cpu=avx2
expect 'two specs'            2 'found specs/lenet.net and specs/mlp.net' "$NETC" $spec specs/mlp.net
expect 'run without --'       2 'netc run specs/lenet.net -- train'  "$NETC" run $spec train
expect "the trainer's option" 2 'options of the trainer stand after' "$NETC" run $spec --epochs 1
for later in fmt graph ops explain; do
    expect "netc $later"      2 "netc $later is not built yet"       "$NETC" $later $spec
done
expect 'a wrong command line writes nothing' 0 '' test ! -e generated

# --- wrong files ---
expect 'missing spec'         1 'lenet.nett: No such file'           "$NETC" lenet.nett
expect 'a folder as spec'     1 'specs: '                            "$NETC" specs
expect 'the second is missing' 1 'none.net'                          "$NETC" check $spec none.net
printf 'net wrong { input 1x28x28; linear(10 -> 10); relo }\n' > wrong.net
expect 'a wrong spec'         1 'wrong.net:1:'                       "$NETC" wrong.net
expect 'both errors'          1 'relu'                               "$NETC" check wrong.net
expect 'a wrong spec writes nothing' 0 '' test ! -e generated
printf 'net only { input 1x4x4; flatten; linear(-> 2) }\n' > only.net
expect 'a net alone: no trainer'     1 'data'      "$NETC" only.net
expect 'a net alone: check'          0 ''          "$NETC" check only.net
expect 'a net alone: summary'        0 '^linear_1 .*linear .*2 .*34' "$NETC" summary only.net
expect 'a net alone: graph'          0 'linear'    "$NETC" --emit=graph only.net
expect 'a net alone: ast'            0 'linear'    "$NETC" --emit=ast only.net
expect 'a net alone: no plan'        1 'data'      "$NETC" --emit=plan only.net

# --- reading only ---
expect 'check says nothing'   0 ''                 "$NETC" check specs/*.net
holds  'nothing, indeed'      test ! -s out.txt -a ! -s err.txt
expect 'check finds the wrong one' 1 'wrong.net'   "$NETC" check specs/*.net wrong.net
expect 'summary'              0 '^conv2 .*conv2d .*20x8x8 .*5,020'   "$NETC" summary $spec
expect 'summary: no arithmetic outside the output' 0 '^conv2 .* 0.6400 .* 1.2813 ' "$NETC" summary $spec
expect 'summary: total'       0 '^total .*8,490'   "$NETC" summary $spec
expect 'summary: memory'      0 'batch of 64'      "$NETC" summary $spec
expect 'emit ast'             0 'conv1'            "$NETC" --emit=ast $spec
expect 'emit graph'           0 'conv1_forward'    "$NETC" --emit=graph $spec
expect 'emit a plain graph'   0 'relu_1_forward'   "$NETC" --emit=graph --no-tuned $spec
expect 'emit plan'            0 'blocks'           "$NETC" --emit=plan $spec --cpu=avx2
expect 'emit, value apart'    0 'conv1'            "$NETC" --emit ast $spec
expect 'reading writes nothing' 0 '' test ! -e generated
if [ -c /dev/full ]; then
    expect 'a full device'    3 'cannot write to standard output' sh -c '"$0" --help > /dev/full' "$NETC"
fi

# --- the output folder ---
expect 'compile'              0 ''                 "$NETC" $spec --cpu=avx2
holds  'says what to type'    grep -q 'make -C generated/lenet$' err.txt
for file in Makefile main.c lenet.c lenet.h lenet_model.c lenet_predict.c lenet_layers.c lenet_cuda.c lenet_cuda.cu lenet_fused.cu; do
    holds "$file is written"  test -s generated/lenet/$file
    holds "$file says how"    grep -q 'netc lenet.net --cpu=avx2' generated/lenet/$file
done
holds  'nothing else is'      nothing_left generated
snapshot generated > before.txt
sleep 0.02
expect 'compile again'        0 ''                 "$NETC" $spec --cpu=avx2
holds  'up to date'           grep -q 'up to date' err.txt
snapshot generated > after.txt
holds  'time stamps are kept' same_files generated/lenet
(cd specs && "$NETC" lenet.net --cpu=avx2 -o ../elsewhere/deep/down/) 2> err.txt
holds  'the same bytes, wherever netc runs' diff -r generated/lenet elsewhere/deep/down
fails  'no path of this machine' grep -rlE "$temp|$root|(^|[^.a-z])/(home|usr|tmp|work|opt|root)/" generated
expect 'from standard input'  0 '' sh -c '"$0" - --cpu=avx2 -o piped < specs/lenet.net' "$NETC"
for cpu in native avx512 avx2 neon generic; do
    expect "--cpu=$cpu"       0 ''                 "$NETC" $spec --cpu=$cpu -o cpu/$cpu
done
fails  'targets differ'       cmp -s cpu/avx2/lenet.c cpu/avx512/lenet.c
expect '--no-tuned'           0 ''                 "$NETC" $spec --cpu=avx2 --no-tuned -o plain
expect '--units, recorded'    0 ''                 "$NETC" $spec --cpu=avx512 --units=64 -o units
holds  'in the first line'    grep -q 'lenet.net --cpu=avx512 --units=64$' units/lenet.c
expect '--units in the plan'  0 '^phase blocks_2: 64 units, 16 of each block' "$NETC" --emit=plan $spec --cpu=avx512 --units=64
expect '--units in a summary' 0 'values kept'      "$NETC" summary $spec --units 64
for units in 0 -1 1025 99999999999 12x x; do
    expect "--units=$units"   2 "^netc: --units=$units: expected a number from 1 to 1024" "$NETC" $spec --units=$units
done
expect '--units, nothing'     2 '--units needs a value: --units=N' "$NETC" $spec --units=
expect '--units and graph'    2 'does not belong to netc --emit=graph' "$NETC" --emit=graph $spec --units=8
expect '--without, recorded'  0 ''                 "$NETC" $spec --cpu=avx2 --without=conv,winograd -o without
holds  'in its order'         grep -q 'lenet.net --cpu=avx2 --without=winograd,conv$' without/lenet.c
expect '--without=help'       2 'conv-input '      "$NETC" $spec --without=help
expect '--without, misspelt'  2 'did you mean winograd' "$NETC" $spec --without=conv,winogard
expect '--without, nothing'   2 'needs a value'    "$NETC" $spec --without=
holds  'is recorded'          grep -q 'lenet.net --cpu=avx2 --no-tuned' plain/lenet.c
fails  'and does something'   diff -q -I 'compiled by netc' -I 'no-tuned' plain/lenet.c generated/lenet/lenet.c

touch -d '2001-01-01' generated/lenet/*
echo '/* changed */' >> generated/lenet/lenet.h
expect 'mend one file'        0 ''                 "$NETC" $spec --cpu=avx2
holds  'it is as it was'      cmp generated/lenet/lenet.h elsewhere/deep/down/lenet.h
holds  'the others are not touched' test -z "$(find generated/lenet -name '*.c' -newermt 2001-01-02)"

echo mine > generated/lenet/notes.txt
cp generated/lenet/lenet.c generated/lenet/lenet_backup.c
expect 'compile another net there' 0 ''            "$NETC" specs/mlp.net -o generated/lenet
holds  'its files are there'  test -f generated/lenet/mlp_model.c
holds  'the old ones are not' test ! -e generated/lenet/lenet.c -a ! -e generated/lenet/lenet.h
holds  'foreign files stay'   test -f generated/lenet/notes.txt -a -f generated/lenet/lenet_backup.c
holds  'no temporary folder'  nothing_left generated

sed 's/^net lenet/net lenet_model/' $spec > renamed.net
expect 'into a folder'        0 ''                 "$NETC" $spec -o nested
expect 'a net with a file named as one of the first' 0 '' "$NETC" renamed.net -o nested
holds  'just its files'       test "$(ls nested | sort | tr '\n' ' ')" = \
    "$(printf '%s\n' Makefile main.c lenet_model.c lenet_model.h lenet_model_cuda.c lenet_model_cuda.cu lenet_model_fused.cu lenet_model_layers.c lenet_model_model.c lenet_model_predict.c | sort | tr '\n' ' ')"
expect 'without the fused step' 0 ''               "$NETC" renamed.net --without=fused -o nested
holds  'its file is gone'     test ! -e nested/lenet_model_fused.cu -a -e nested/lenet_model_cuda.cu
for delay in 1 2 3 4 5 6 7 8 9; do
    timeout -s TERM 0.00$delay "$NETC" $spec -o interrupted > out.txt 2> err.txt
done
holds  'interrupted: no temporary folder' sh -c 'test -z "$(find . -name ".netc-*")"'

mkdir foreign && echo 'all:' > foreign/Makefile
snapshot foreign > before.txt
expect 'a foreign Makefile'   1 'foreign/Makefile is in the way' "$NETC" $spec -o foreign
snapshot foreign > after.txt
holds  'is left alone'        same_files foreign
mkdir -p inway/lenet_model.c
expect 'a folder in the way'  1 'lenet_model.c is in the way' "$NETC" $spec -o inway
holds  'nothing is written'   test "$(ls -A inway)" = lenet_model.c
echo > afile
expect 'a file as folder'     1 'afile is in the way' "$NETC" $spec -o afile
expect 'a file on the way'    1 'afile is in the way' "$NETC" $spec -o afile/below
ln -s missing/link dangling
expect 'a dangling link'      3 'cannot make the folder dangling' "$NETC" $spec -o dangling
if [ "$(id -u)" -ne 0 ]; then
    mkdir locked && chmod a-w locked
    expect 'an unwritable folder'        3 'Permission denied' "$NETC" $spec -o locked
    expect 'in an unwritable folder'     3 'Permission denied' "$NETC" $spec -o locked/new
    chmod u+w locked
    holds  'nothing is left there'       test -z "$(ls -A locked)"
elif [ -d /proc/self ]; then
    expect 'an unwritable folder'        3 'cannot make the folder' "$NETC" $spec -o /proc/self/new
fi
# A limit on the size of files stands for a full disk: the write fails half way.
cp -r generated/lenet limited && snapshot limited > before.txt
full_disk='trap "" XFSZ; ulimit -f 1; "$0" specs/lenet.net -o "$1"'
expect 'a write that fails'   3 'cannot write'     sh -c "$full_disk" "$NETC" limited
snapshot limited > after.txt
holds  'changes no file'      same_files limited
expect 'a new folder is taken away again' 3 'cannot write' sh -c "$full_disk" "$NETC" fresh/deep
holds  'with those above it'  test ! -e fresh
# The fourth file cannot be moved: those before it are brought back.
cat > rename.c << 'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>

int rename(const char *from, const char *to)
{
    static int calls;
    int (*real)(const char *, const char *) = (int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename");
    errno = EIO;
    return ++calls == 4 ? -1 : real(from, to);
}
END
holds  'a rename that fails is made' ${CC:-cc} -shared -fPIC -o rename.so rename.c -ldl
expect 'a move that fails'    3 'cannot write limited' \
    env LD_PRELOAD="$temp/rename.so" ASAN_OPTIONS=verify_asan_link_order=0 "$NETC" $spec -o limited
snapshot limited > after.txt
holds  'changes no file either' same_files limited
holds  'and leaves nothing'   nothing_left limited

# --- compile, build, run ---
expect 'run'                  0 ''  "$NETC" run $spec -o ran -- train --data "$data" --steps 2 --save two.safetensors
holds  'trains'               test -s two.safetensors
expect 'run passes the exit status on' 2 '' "$NETC" run $spec -o ran -- no_such_command
expect 'run: options of the trainer'   0 'lenet' "$NETC" run $spec -o ran -- --help
expect 'run: a wrong spec'    1 'wrong.net' "$NETC" run wrong.net -- train
expect 'run: no make'         3 'cannot run make' env PATH=/nowhere "$NETC" run $spec -o ran
expect 'run: no compiler'     3 'no C compiler no-such-cc' env CC=no-such-cc "$NETC" run specs/mlp.net -o built -- info
printf '#!/bin/sh\necho the compiler says no >&2; exit 1\n' > broken-cc && chmod +x broken-cc
expect 'run: compiler fails'  3 'failed, see above' env CC="$temp/broken-cc" "$NETC" run specs/mlp.net -o built -- info
holds  'and what it said is shown' grep -q 'the compiler says no' err.txt

echo "cli: $passed passed, $failed failed"
[ $failed -eq 0 ]
