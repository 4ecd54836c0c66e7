# bash completion for @TOOL@, made by '@TOOL@ completion bash'
@FUNCTION@() {
    local -a line=() in=()
    local at cur prev where='' repo='' ledger='' found='' place=0 word i
    # What bash has cut at = is one word, and so is a file behind @.
    for word in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
        if ((${#line[@]})) && [[ ${line[-1]} == --* && ($word == = || ${line[-1]} == *=) ]]; then
            line[-1]+=$word
        elif ((${#line[@]})) && [[ ${line[-1]} == @ ]]; then
            line[-1]+=$word
        else
            line+=("$word")
        fi
    done
    at=$((${#line[@]} - 1)) cur=${line[-1]} prev=${line[at-1]}
    [[ $cur != --*=* ]] || prev=${cur%%=*} cur=${cur#*=}
    # @WORDS@
    COMPREPLY=()
    case "$found" in
        @files) compopt -o default 2>/dev/null ;;
        @records)
            # Where bash cuts at @, it stays.
            local before=@
            [[ $COMP_WORDBREAKS != *@* ]] || before=
            compopt -o filenames 2>/dev/null
            [[ $cur != @* ]] || mapfile -t COMPREPLY < <(compgen -P "$before" -f -- "${cur#@}")
            ;;
        @none) ;;
        *) mapfile -t COMPREPLY < <(compgen -W "$found" -- "$cur") ;;
    esac
}
complete -F @FUNCTION@ @TOOL@
