# Completion of trunkline for fish: the program itself says what may stand where.
function __trunkline_candidates
    set -l words (commandline -opc) (commandline -ct)
    $words[1] complete-ids -- $words[2..-1] 2>/dev/null
end
complete -c trunkline -a '(__trunkline_candidates)'
