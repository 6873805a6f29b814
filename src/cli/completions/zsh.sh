#compdef trunkline
# Completion of trunkline for zsh: the program itself says what may stand where.
_trunkline() {
    local line word what
    local -a spaced open
    while IFS=$'\t' read -r word what; do
        # `_describe` cuts at colons.
        line=${word//:/\\:}:$what
        if [[ $word == *= ]]; then open+=("$line"); else spaced+=("$line"); fi
    done < <("${words[1]}" complete-ids -- "${(@)words[2,CURRENT]}" 2>/dev/null)
    if (( ! $#spaced && ! $#open )); then
        _files
        return
    fi
    (( $#open )) && _describe -t values value open -S ''
    (( $#spaced )) && _describe -t values value spaced
}
if [[ ${funcstack[1]} == _trunkline ]]; then
    _trunkline "$@"
else
    compdef _trunkline trunkline
fi
