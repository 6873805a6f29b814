# Completion of trunkline for bash: the program itself says what may stand where.
_trunkline() {
    # Bash cuts words at `=` and `:`; the program wants them whole.
    local line=${COMP_LINE:0:COMP_POINT} word words=() at
    read -r -a words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    local whole=${words[${#words[@]} - 1]} current=${COMP_WORDS[COMP_CWORD]}
    [[ $current == [=:] ]] && current=
    local before=${whole%"$current"}
    COMPREPLY=()
    while IFS=$'\t' read -r word _; do
        # What stands before the cut is there already.
        word=${word#"$before"}
        [[ $word == *= ]] && compopt -o nospace
        COMPREPLY+=("$(printf '%q' "$word")")
    done < <("${words[0]}" complete-ids -- "${words[@]:1}" 2>/dev/null)
}
complete -o default -F _trunkline trunkline
