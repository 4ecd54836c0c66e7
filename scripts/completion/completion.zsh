#compdef @TOOL@
# zsh completion for @TOOL@, made by '@TOOL@ completion zsh'
@FUNCTION@() {
    local -a line=("${words[@]}") in=()
    local at=$((CURRENT - 1)) i word where='' repo='' ledger='' found='' place=0
    setopt localoptions ksharrays
    local cur=${line[at]} prev=${line[at-1]}
    if [[ $cur == --*=* ]]; then
        prev=${cur%%=*} cur=${cur#*=}
        compset -P '*='
    fi
    # @WORDS@
    unsetopt ksharrays
    case "$found" in
        @files) _files ;;
        @records) ! compset -P @ || _files ;;
        @none) ;;
        *) compadd -- ${=found} ;;
    esac
}
# Run by the completion system from a file, or sourced by a user.
if [[ ${funcstack[1]} == _@TOOL@ ]]; then @FUNCTION@; else compdef @FUNCTION@ @TOOL@; fi
