# Completion of cordon(1) for bash.

_cordon()
{
    local cur prev words cword
    _init_completion -n = || return

    case $prev in
        --root | --policy-root | --runtime-dir | --output | -o)
            _filedir -d
            return
            ;;
        --lang)
            COMPREPLY=($(compgen -W 'rust c' -- "$cur"))
            return
            ;;
        --policy | --contexts | --log)
            _filedir
            return
            ;;
        --target)
            COMPREPLY=($(compgen -W 'debian-12 debian-13 fedora-targeted
                yocto-refpolicy-targeted' -- "$cur"))
            _filedir
            return
            ;;
        --without)
            COMPREPLY=($(compgen -W 'landlock-fs landlock-tcp landlock-ioctl
                landlock-scope landlock-audit mdwe noexec-seal memfd-noexec cgroup
                limits selinux' -- "$cur"))
            return
            ;;
    esac

    local command=${words[1]} options=--help argument=
    [[ $command == policy || $command == channel ]] && command+=-${words[2]}
    case $command in
        check | plan)
            options+=' --root --json'
            argument=manifest
            ;;
        policy-build)
            options+=' --root --output --target --policy-root'
            argument=manifest
            ;;
        policy-install)
            options+=' --root --target --no-relabel --unproved'
            argument=manifest
            ;;
        policy-remove)
            options+=' --root --no-relabel'
            argument=device
            ;;
        policy-explain)
            options+=' --component --policy --root --target --json'
            argument=manifest
            ;;
        policy-diff)
            options+=' --root --target --json'
            argument=manifest
            ;;
        policy-scan)
            options+=' --name --base --libsepol --contexts --disabled --note --output
                --root --policy-root'
            argument=file
            ;;
        channel-codegen)
            options+=' --lang --channel --output'
            argument=manifest
            ;;
        self-test)
            options+=' --json'
            ;;
        run)
            options+=' --without --target --runtime-dir'
            argument=manifest
            ;;
        status | verify)
            options+=' --json --runtime-dir'
            argument=device
            ;;
        denials)
            options+=' --follow --enable-audit --failures --component --log --json --root --runtime-dir'
            argument=either
            ;;
        learn)
            options+=' --for --without --json --runtime-dir'
            argument=manifest
            ;;
        stop)
            options+=' --runtime-dir'
            argument=device
            ;;
    esac
    if [[ $cur == -* ]]; then
        [[ $cword -eq 1 ]] && options+=' --version'
        COMPREPLY=($(compgen -W "$options" -- "$cur"))
    elif [[ $cword -eq 1 ]]; then
        COMPREPLY=($(compgen -W 'check plan policy channel self-test run status verify denials learn stop help' -- "$cur"))
    elif [[ $cword -eq 2 && $prev == policy ]]; then
        COMPREPLY=($(compgen -W 'build install remove explain diff scan' -- "$cur"))
    elif [[ $cword -eq 2 && $prev == channel ]]; then
        COMPREPLY=($(compgen -W 'codegen' -- "$cur"))
    elif [[ $cword -eq 2 && $prev == self-test ]]; then
        COMPREPLY=($(compgen -W 'channel' -- "$cur"))
    elif [[ $cword -eq 2 && $prev == help ]]; then
        COMPREPLY=($(compgen -W 'check plan policy channel self-test run status verify denials learn stop' -- "$cur"))
    elif [[ $argument == manifest || $argument == either && $cur == */* ]]; then
        _filedir yaml
    elif [[ $argument == file ]]; then
        _filedir
    elif [[ $argument == device || $argument == either ]]; then
        COMPREPLY=($(compgen -W "$(ls /run/cordon /etc/cordon 2>/dev/null |
            sed -n 's/\.yaml$//; /^[a-z][a-z0-9-]*$/p' | sort -u)" -- "$cur"))
    fi
} &&
    complete -F _cordon cordon
