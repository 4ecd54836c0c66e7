    for ((i = 1; i < at; i++)); do
        word=${line[i]}
        case "$word" in
            -r|--repo) repo=${line[i+1]}; ((i++)); continue ;;
            --repo=*) repo=${word#--repo=}; continue ;;
            -r?*) repo=${word#-r}; continue ;;
            --ledger) ledger=${line[i+1]}; ((i++)); continue ;;
            --ledger=*) ledger=${word#--ledger=}; continue ;;
            @WITH_VALUE@) ((i++)); continue ;;
            -?*) continue ;;
        esac
        case "${where:+$where }$word" in
            @COMMANDS@) where="${where:+$where }$word" ;;
            *) ((place++)) ;;
        esac
    done
    case "$where:$prev" in
        # @VALUES@
        *) found='' ;;
    esac
    if [[ -z $found && $cur == -* ]]; then
        case "$where" in
            # @OPTIONS@
        esac
    elif [[ -z $found ]]; then
        case "$where:$place" in
            # @ARGUMENTS@
        esac
    fi
    [[ -z $repo ]] || in=(-r "$repo")
    case "$found" in
        @cids) found=$(codex-chunk ls -q "${in[@]}" 2>/dev/null | cut -f1) ;;
        @slots | @requests)
            [[ -z $ledger ]] || in+=(--ledger "$ledger")
            if [[ $found == @slots ]]; then
                found=$({ codex-market list slots "${in[@]}"; codex-market list open "${in[@]}"; } 2>/dev/null | cut -f1)
            else
                found=$({ codex-market list mine "${in[@]}"; codex-market list open "${in[@]}" | cut -f2 | uniq; } 2>/dev/null | cut -f1)
            fi
            ;;
        @peers) found=$(codex-serve peers "${in[@]}" 2>/dev/null | awk -F '\t' '$3 == "out" { print $2 }') ;;
    esac
