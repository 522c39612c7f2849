# Completion of offgrid for bash. Verbs and options are asked of the programs themselves, so that
# nothing here grows old; needs bash-completion.

_offgrid_verbs() {
    offgrid --help 2>/dev/null | sed -n '/^Verbs:/,/^$/s/^  \([a-z-]*\) .*/\1/p'
}

# The words between which the option $2 of the verb $1 chooses: `--format TEXT:{jpeg,mixed,png}`.
_offgrid_choices() {
    offgrid "$1" --help 2>/dev/null | sed -n "s/^ .*$2 [A-Z]*:{\([^}]*\)}.*/\1/p" | tr ',' ' '
}

_offgrid() {
    local cur prev words cword
    _init_completion || return
    local verb=${words[1]}
    if [[ $cword -eq 1 ]]; then
        COMPREPLY=($(compgen -W "$(_offgrid_verbs) --help --version" -- "$cur"))
        return
    fi
    if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$(_parse_help offgrid "$verb --help")" -- "$cur"))
        return
    fi
    if [[ $prev == -* ]]; then
        local choices
        choices=$(_offgrid_choices "$verb" "$prev")
        if [[ -n $choices ]]; then
            COMPREPLY=($(compgen -W "$choices" -- "$cur"))
            return
        fi
    fi
    _filedir
}

complete -F _offgrid offgrid
