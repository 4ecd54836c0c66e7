# Draws what tests/bench/swarm.bash has measured, swarm.tsv sorted by swarms and programs: for each swarm a bar for each
# program, dark until half of those who want the file have it, light until all have. Each swarm has a scale of its own.
#
#     nodes MB seeds program run median last cpu-seconds seconds...
BEGIN {
    FS = "\t"
    split("codex aria2 libtorrent", programs, " ")
    dark["codex"] = "#1f6f54"; light["codex"] = "#9ccdb9"
    dark["aria2"] = "#7a4b9a"; light["aria2"] = "#cdb5dd"
    dark["libtorrent"] = "#a05a1c"; light["libtorrent"] = "#e2bd97"
}
{
    swarm = $1 " nodes, " $2 " MB, " $3 ($3 == 1 ? " has it" : " have it")
    if (!(swarm in known)) { known[swarm] = 1; order[++count] = swarm }
    key = swarm SUBSEP $4
    if (!(key in median) || $6 < median[key]) { median[key] = $6; last[key] = $7 }
}
END {
    for (i = 1; i <= count; ++i) {
        most = 0
        for (p = 1; p <= 3; ++p) if (last[order[i], programs[p]] > most) most = last[order[i], programs[p]]
        for (p = 1; p <= 3; ++p) {
            key = order[i] SUBSEP programs[p]
            if (!(key in median)) continue
            body = body sprintf("<rect x=\"210\" y=\"%d\" width=\"%.1f\" height=\"10\" fill=\"%s\"/>", y, 300 * last[key] / most, light[programs[p]])
            body = body sprintf("<rect x=\"210\" y=\"%d\" width=\"%.1f\" height=\"10\" fill=\"%s\"/>", y, 300 * median[key] / most, dark[programs[p]])
            body = body sprintf("<text x=\"%.1f\" y=\"%d\">%s %.1f, %.1f s</text>\n", 215 + 300 * last[key] / most, y + 9, programs[p], median[key], last[key])
            if (p == 1) body = body sprintf("<text x=\"200\" y=\"%d\" text-anchor=\"end\">%s</text>\n", y + 21, order[i])
            y += 12
        }
        y += 8
    }
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 680 %d\" font-family=\"sans-serif\" font-size=\"10\">\n", y
    printf "<title>Seconds until half, and all, of a swarm have the file</title>\n<rect width=\"680\" height=\"%d\" fill=\"#fff\"/>\n%s</svg>\n", y, body
}
