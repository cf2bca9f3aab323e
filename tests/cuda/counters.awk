# Reads four files of the emulator's counters: of a training, of one that is `steps` steps longer, of no step at all, and of an
# epoch. Prints what a step takes beside what is wanted for `code`; the status is 1 where that is not met. `spilled` are the
# bytes that the compiler spills, "" where nobody has told.
function number(line, name) {
    return match(line, "\"" name "\": *[0-9.]+") ? substr(line, RSTART + length(name) + 3, RLENGTH - length(name) - 3) + 0 : 0
}

# One row: bound is the most or, with `least`, the least that is wanted.
function row(what, value, bound, least, format) {
    good = least ? value >= bound : value <= bound
    printf "| %s | " format " | %s " format " | %s |\n", what, value, least ? "at least" : "at most", bound, good ? "yes" : "**no**"
    if (!good)
        bad = 1
}

FNR == 1 { file++ }
/"host":/ {
    moved[file] = number($0, "h2d_copies") + number($0, "d2h_copies") + number($0, "synchronisations")
    next
}
/"launches":/ {
    split($0, quoted, "\"")
    kernel = quoted[2]
    if (!(kernel in known)) {
        known[kernel] = 1
        name[++kernels] = kernel
    }
    for (i = 1; i <= split("launches thread_instructions fp32_fma global_load_bytes global_load_sectors global_store_bytes " \
                           "global_store_sectors shared_wavefronts shared_ideal local_accesses", counter, " "); i++)
        of[file, kernel, counter[i]] = number($0, counter[i])
}

function part(kernel, counter) { return of[2, kernel, counter] - of[1, kernel, counter] }

function ratio(a, b) { return b ? a / b : 0 }

END {
    wanted["fused"] = 2;  conflicts["fused"] = 1.20;  share["fused"] = 60
    wanted["layers"] = 6; conflicts["layers"] = 1.05; share["layers"] = 58
    if (file != 4 || !kernels || !(code in wanted)) {
        print "counters.awk: four files of counters are expected"
        exit 1
    }
    printf "\n| kernel of a step, %s | launches | load, store efficiency | bank conflicts | FMA share | thread instructions |\n", \
           code == "fused" ? "fused step" : "layer by layer"
    print "|---|---|---|---|---|---|"
    for (k = 1; k <= kernels; k++) {
        if (!part(name[k], "launches"))
            continue
        for (i in counter)
            sum[counter[i]] += part(name[k], counter[i])
        printf "| %s | %g | %.2f, %.2f | %.2f | %.0f %% | %.3f M |\n", name[k], part(name[k], "launches") / steps,
               ratio(part(name[k], "global_load_bytes"), 32 * part(name[k], "global_load_sectors")),
               ratio(part(name[k], "global_store_bytes"), 32 * part(name[k], "global_store_sectors")),
               ratio(part(name[k], "shared_wavefronts"), part(name[k], "shared_ideal")),
               100 * ratio(part(name[k], "fp32_fma"), part(name[k], "thread_instructions")),
               part(name[k], "thread_instructions") / steps / 1e6
    }
    if (!sum["launches"]) {
        print "counters.awk: no step was counted"
        exit 1
    }
    launched = 0
    for (k = 1; k <= kernels; k++)
        if (part(name[k], "launches"))
            launched += of[4, name[k], "launches"] - of[3, name[k], "launches"]
    epoch = launched / (sum["launches"] / steps)
    print "\n| a step of the seed network, " (code == "fused" ? "fused" : "layer by layer") " | counted | wanted | met |"
    print "|---|---|---|---|"
    row("kernels", sum["launches"] / steps, wanted[code], 0, "%g")
    row("load efficiency", ratio(sum["global_load_bytes"], 32 * sum["global_load_sectors"]), 0.95, 1, "%.3f")
    row("store efficiency", ratio(sum["global_store_bytes"], 32 * sum["global_store_sectors"]), 0.85, 1, "%.3f")
    row("bank conflict degree", ratio(sum["shared_wavefronts"], sum["shared_ideal"]), conflicts[code], 0, "%.3f")
    row("FMA share of thread instructions, %", 100 * ratio(sum["fp32_fma"], sum["thread_instructions"]), share[code], 1, "%.1f")
    if (spilled == "")
        print "| spilled bytes | not known: no nvcc | at most 0 | |"
    else
        row("spilled bytes", spilled == "none" ? 1 : spilled, 0, 0, "%d")
    row("local-memory accesses", sum["local_accesses"], 0, 0, "%d")
    row("host-device copies and synchronisations, over an epoch", (moved[4] - moved[3]) / epoch, 0.01, 0, "%.4f")
    exit bad
}
