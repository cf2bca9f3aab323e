# Reads the kernels of `check kernels`, then, with file=NAME/FILE before each, what ptxas -v said of a file.
# Says what is beyond the bounds; with table=1 prints Markdown instead.
#
# A block has 65536 registers, which a warp takes 256 at a time, and a thread at most 255. Shared memory: what the kernel has
# by itself is at most 48 KiB; with the dynamic one at most what the largest device has, and for the last code, which runs
# where no other one does, what the smallest has.
# Kernels of the prelude, shuffle, copy and transform, are in no table.
function wrong(text) { print file ", " kernel ", " arch ": " text; bad++ }

FILENAME == kernels {
    key = $1 SUBSEP $2
    threads[key] = $3
    dynamic[key] = $4
    last[key] = $5
    parts[key] = $6
    for (i = 7; i <= NF; i++)
        parts[key] = parts[key] " " $i
    if (!(key in place)) {
        place[key] = ++count
        name[count] = $2
        of[count] = $1
    }
    next
}

/Compiling entry function/ { split($0, quoted, "'"); kernel = quoted[2]; arch = quoted[4] }
/bytes stack frame/ {
    if ($1 + 0 || $5 + 0 || $9 + 0)
        wrong($0)
}
/ Used [0-9]+ registers/ {
    for (i = 1; i < NF; i++) {
        if ($i == "Used") used = $(i + 1)
        if ($(i + 2) ~ /^smem/) fixed = $i
    }
    key = file SUBSEP kernel
    seen++
    each[key, arch] = used
    static[key] = fixed + 0
    if (kernel ~ /^(shuffle|copy|transform)$/) { fixed = 0; next }
    if (!(key in threads)) { wrong("is in no table"); fixed = 0; next }
    all = int((used + 7) / 8) * 8 * threads[key]
    if (all > 65536)
        wrong(used " registers for each of " threads[key] " threads are more than 65536")
    if (fixed + 0 > 49152)
        wrong(fixed " bytes of shared memory of its own")
    if (fixed + dynamic[key] > (last[key] ? 65536 : 232448))
        wrong(fixed + dynamic[key] " bytes of shared memory")
    fixed = 0
}

END {
    if (table) {
        print "| kernel | what it does | threads | shared memory | registers, " archs " |"
        print "|---|---|---|---|---|"
        split(archs, list, ", ")
        for (i = 1; i <= count; i++) {
            key = of[i] SUBSEP name[i]
            if (!((key, list[1]) in each))
                continue
            registers = ""
            for (a = 1; a in list; a++)
                registers = registers (a > 1 ? ", " : "") each[key, list[a]]
            printf "| %s | %s | %d | %d | %s |\n", name[i], parts[key], threads[key], dynamic[key] + static[key], registers
        }
    } else
        print seen + 0, bad + 0
}
