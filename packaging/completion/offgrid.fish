# Completion of offgrid for fish. Verbs and options are asked of the programs themselves, so that
# nothing here grows old.

function __offgrid_verbs
    offgrid --help 2>/dev/null | sed -n '/^Verbs:/,/^$/s/^  \([a-z-]*\)  *\(.*\)/\1\t\2/p'
end

function __offgrid_options
    set -l words (commandline -opc)
    offgrid $words[2] --help 2>/dev/null | grep -oE '^  +(-[a-zA-Z],)?--[a-z0-9-]+' | sed 's/^.*--/--/'
end

complete -c offgrid -n __fish_use_subcommand -f -a '(__offgrid_verbs)'
complete -c offgrid -n 'not __fish_use_subcommand; and string match -q -- "-*" (commandline -ct)' -f -a '(__offgrid_options)'
