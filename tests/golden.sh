#!/bin/sh
# Compares what netc says and writes with what is kept in tests/golden/.
#
#   diagnostics/**/NAME.net   `netc check NAME.net`, run beside it: standard error and exit status are those of
#                             NAME.err. NAME.flags, if it is there, holds the words to put in the place of `check`.
#   made/NAME.err             the same of a spec that is made below, as it is too odd or too long to be kept
#   emit/NAME.net             NAME.ast, NAME.graph, NAME.plan: what `netc --emit=…` prints, each if it is there.
#                             NAME/, if it is there: all that netc writes. NAME.flags: options for plan and NAME/;
#                             without it --cpu=avx2.
#
# --update takes what netc says now. A new .net in diagnostics/ gets its .err so; for emit/ make an empty NAME.plan or an
# empty folder NAME/ first. Then read the difference before it is kept.

. tests/lib.sh
golden=$PWD/tests/golden
update=
[ "${1:-}" = --update ] && update=yes
case $NETC in /*) ;; *) NETC=$PWD/$NETC ;; esac
[ -x "$NETC" ] || { echo "golden: $NETC is missing"; exit 1; }

# compare KEPT NOW: files or folders.
compare() {
    if [ "$update" ]; then
        if [ -d "$2" ]; then rm -rf "$1"; fi
        cp -R "$2" "$1"
        passed=$((passed + 1))
    elif diff -ru "$1" "$2" >"$temp/diff" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: ${1#"$golden/"}"
        sed 's/^/    | /' "$temp/diff"
    fi
}

# say KEPT FOLDER COMMAND...: what the command, run in the folder, writes to standard error, and its exit status.
say() {
    say_kept=$1 say_folder=$2
    shift 2
    (cd "$say_folder" && "$@") >/dev/null 2>"$temp/said" </dev/null
    echo "exit status $?" >>"$temp/said"
    compare "$say_kept" "$temp/said"
}

words() { if [ -f "$1" ]; then cat "$1"; else echo "$2"; fi; }

# ---- diagnostics

find "$golden/diagnostics" -name '*.net' | LC_ALL=C sort >"$temp/cases"
while read -r spec; do
    # shellcheck disable=SC2046
    say "${spec%.net}.err" "$(dirname "$spec")" "$NETC" $(words "${spec%.net}.flags" check) "$(basename "$spec")"
done <"$temp/cases"

find "$golden/diagnostics" -name '*.err' >"$temp/cases"
while read -r kept; do
    [ -f "${kept%.err}.net" ] || check "${kept#"$golden/"} is of no spec" false
done <"$temp/cases"

# ---- made specs

mkdir "$temp/made"
made() { cat >"$temp/made/$1.net"; }
# repeated N TEXT
repeated() { awk -v n="$1" -v text="$2" 'BEGIN { while (n-- > 0) printf "%s", text }'; }

printf ''                                                                        | made empty
printf '# nothing\n\n  # but this'                                               | made comment_only
printf 'net n {\n    input 4\n    relu\000\n}\n'                                 | made zero_byte
printf '\037\213\010\000\000\000\000\000\000\003\313\113\055\121'                | made gzip
printf 'net n {\n    input 4 # caf\351\n    relu\n}\n'                           | made latin1
printf 'net n {\n    input 4 # \300\257\n}\n'                                    | made overlong
printf 'net n {\n    input 4 # \355\240\200\n}\n'                                | made surrogate
printf 'net n {\n    input 4\n    relu # cut \342\202'                           | made cut_character
printf '\357\273\277net n {\n    input 4\n    rel\n}\n'                          | made byte_order_mark
printf '\357\273\277nett n {\n}\n'                                               | made byte_order_mark_first_line
printf 'net n {\r\n    input 4\r\n    rel\r\n    relu from\r\n}\r\n'             | made crlf
printf 'net n {\r    input 4\r    relu\r}\r'                                     | made carriage_returns
printf 'net n {\n\tinput 4\n\trelu\tfrom\tnone\n}\n'                             | made tabs
printf 'net n {\n    input 4\n    relu \033[31m\n}\n'                            | made escape_sequence
printf 'let text = "a\033[31mb"\n'                                               | made escape_in_string
printf 'net n { input 4; relu from none'                                         | made no_end
printf 'let a = "not closed'                                                     | made open_string_at_end
printf 'let a = "\\'                                                             | made backslash_at_end
{ printf 'let a = '; repeated 20000 '('; printf 1; repeated 20000 ')'; echo; }   | made parentheses
{ printf 'let a = '; repeated 20000 '['; echo; }                                 | made brackets
{ printf 'let a = '; repeated 200 '('; printf 1; repeated 200 ')'; echo; }       | made parentheses_200
{ printf 'net n {'; repeated 20000 'repeat 2 {'; echo; }                         | made braces
{ printf 'let a = '; repeated 20000 -; echo 1; }                                 | made minuses
{ printf 'let a = 1'; repeated 20000 ' + 1'; echo; }                             | made sum
{ printf 'let a = 1 +'; repeated 500 ' '; printf '@'; repeated 500 ' x'; echo; } | made long_line
{ printf 'let '; repeated 300 a; echo ' = 1'; }                                  | made long_name
{ printf 'let a = "'; repeated 5000 a; echo '"'; }                               | made long_string
repeated 70 'let = 1;
'                                                                                | made many_errors
repeated 300000 '# a line of text
'                                                                                | made too_large

for spec in "$temp"/made/*.net; do
    name=$(basename "$spec" .net)
    say "$golden/made/$name.err" "$temp/made" "$NETC" check "$name.net"
done
say "$golden/made/missing.err"   "$temp/made" "$NETC" check missing.net
say "$golden/made/directory.err" "$temp"      "$NETC" check made

# ---- what the stages say, and all that is written

for spec in "$golden"/emit/*.net; do
    [ -f "$spec" ] || continue
    base=${spec%.net} name=$(basename "$spec")
    for stage in ast graph plan; do
        [ -f "$base.$stage" ] || continue
        flags=
        [ $stage = plan ] && flags=$(words "$base.flags" --cpu=avx2)
        # shellcheck disable=SC2086
        (cd "$golden/emit" && "$NETC" --emit=$stage "$name" $flags) >"$temp/said" 2>&1 </dev/null
        compare "$base.$stage" "$temp/said"
    done
    [ -d "$base" ] || continue
    rm -rf "$temp/written" && mkdir "$temp/written" && cp "$spec" "$temp/written/"
    # shellcheck disable=SC2046
    (cd "$temp/written" && "$NETC" "$name" $(words "$base.flags" --cpu=avx2)) >"$temp/said" 2>&1 </dev/null ||
        cat "$temp/said"
    for folder in "$temp"/written/generated/*; do
        compare "$base" "$folder"
    done
done

finish golden
