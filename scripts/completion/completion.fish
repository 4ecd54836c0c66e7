# fish completion for @TOOL@, made by '@TOOL@ completion fish'
# The repo that is named, as an option.
function @FUNCTION@_in
    set -l in
    set -l words (commandline -opc)
    for i in (seq 2 (count $words))
        switch $words[$i]
            case -r --repo
                set in -r $words[(math $i + 1)]
            case '--repo=*'
                set in -r (string replace -- --repo= '' $words[$i])
            case '-r?*'
                set in -r (string sub -s 3 -- $words[$i])
        end
    end
    test -z "$in"; or printf '%s\n' $in
end
function @FUNCTION@_cids
    codex-chunk ls -q (@FUNCTION@_in) 2>/dev/null | cut -f1
end
# The same of a market: that, and its ledger.
function @FUNCTION@_at_market
    @FUNCTION@_in
    set -l words (commandline -opc)
    for i in (seq 2 (count $words))
        switch $words[$i]
            case --ledger
                printf '%s\n' --ledger $words[(math $i + 1)]
            case '--ledger=*'
                printf '%s\n' $words[$i]
        end
    end
end
function @FUNCTION@_slots
    codex-market list slots (@FUNCTION@_at_market) 2>/dev/null | cut -f1
    codex-market list open (@FUNCTION@_at_market) 2>/dev/null | cut -f1
end
function @FUNCTION@_requests
    codex-market list mine (@FUNCTION@_at_market) 2>/dev/null | cut -f1
    codex-market list open (@FUNCTION@_at_market) 2>/dev/null | cut -f2 | uniq
end
function @FUNCTION@_peers
    codex-serve peers (@FUNCTION@_in) 2>/dev/null | awk -F '\t' '$3 == "out" { print $2 }'
end
function @FUNCTION@_records
    set -l word (commandline -ct)
    string match -q -- '@*' $word; and printf '@%s\n' (__fish_complete_path (string sub -s 2 -- $word))
end
function @FUNCTION@_at
    set -l path ''
    for word in (commandline -opc)[2..-1]
        set -l longer (string trim -- "$path $word")
        if contains -- "$longer" @COMMANDS@
            set path "$longer"
        end
    end
    test "$path" = "$argv[1]"
end
# How many words stand behind the command's name: OPERATOR NUMBER.
function @FUNCTION@_place
    set -l words (commandline -opc)[2..-1]
    set -l path ''
    set -l place 0
    set -l skip 0
    for word in $words
        if test $skip = 1
            set skip 0
            continue
        end
        if contains -- $word @WITH_VALUE@
            set skip 1
            continue
        end
        string match -q -- '-?*' $word; and continue
        set -l longer (string trim -- "$path $word")
        if contains -- "$longer" @COMMANDS@
            set path "$longer"
        else
            set place (math $place + 1)
        end
    end
    test $place $argv[2] $argv[1]
end
complete -c @TOOL@ -f
