# bash completion for @TOOL@, made by '@TOOL@ completion bash'
@FUNCTION@() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
    local -a line=("${COMP_WORDS[@]}") in=()
    local at=$COMP_CWORD where='' repo='' found='' word i
    # @WORDS@
    COMPREPLY=()
    case "$found" in
        @files) compopt -o default 2>/dev/null ;;
        @none) ;;
        *) mapfile -t COMPREPLY < <(compgen -W "$found" -- "$cur") ;;
    esac
}
complete -F @FUNCTION@ @TOOL@
