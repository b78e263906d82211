# Completion of cordon(1) for fish.

function __cordon_devices
    path change-extension '' (path basename /run/cordon/* /etc/cordon/*.yaml) | sort -u
end

function __cordon_is
    set -l words (commandline -opc)
    contains -- "$words[2]" $argv
end

function __cordon_policy_is
    set -l words (commandline -opc)
    test "$words[2]" = policy; and contains -- "$words[3]" $argv
end

set -l layers landlock-fs landlock-tcp landlock-ioctl landlock-scope landlock-audit mdwe noexec-seal memfd-noexec cgroup limits selinux

complete -c cordon -f
complete -c cordon -s h -l help -d 'Explain'
complete -c cordon -n __fish_use_subcommand -s V -l version -d 'Say the version'
complete -c cordon -n __fish_use_subcommand -a check -d 'Say every error of a manifest'
complete -c cordon -n __fish_use_subcommand -a plan -d 'Show everything decided'
complete -c cordon -n __fish_use_subcommand -a policy -d 'Write, install or remove the SELinux module'
complete -c cordon -n __fish_use_subcommand -a run -d 'Confine, prove and start the components'
complete -c cordon -n __fish_use_subcommand -a status -d 'How a running device is'
complete -c cordon -n __fish_use_subcommand -a verify -d 'Read back what is in force'
complete -c cordon -n __fish_use_subcommand -a stop -d 'Stop a running device'
complete -c cordon -n __fish_use_subcommand -a help -d 'Explain a command'
complete -c cordon -n '__cordon_is help' -a 'check plan policy run status verify stop'
complete -c cordon -n '__cordon_is policy; and not __cordon_policy_is build install remove' -a 'build install remove'

complete -c cordon -n '__cordon_is check plan run; or __cordon_policy_is build install' -k -a '(__fish_complete_suffix .yaml)'
complete -c cordon -n '__cordon_is status verify stop; or __cordon_policy_is remove' -a '(__cordon_devices)'
complete -c cordon -n '__cordon_is check plan policy' -l root -r -a '(__fish_complete_directories)' -d 'Tree of the target'
complete -c cordon -n '__cordon_is check plan status verify' -l json -d 'As JSON'
complete -c cordon -n '__cordon_policy_is build' -s o -l output -r -a '(__fish_complete_directories)' -d 'Where to write'
complete -c cordon -n '__cordon_policy_is build' -l policy-root -r -a '(__fish_complete_directories)' -d 'A system with this base policy'
complete -c cordon -n '__cordon_is run; or __cordon_policy_is build install' -l target -x -a 'debian-12 debian-13' -d 'Base policy of the target'
complete -c cordon -n '__cordon_policy_is install remove' -l no-relabel -d 'Leave labels as they are'
complete -c cordon -n '__cordon_is run' -l without -x -a "$layers" -d 'Allow this layer to be absent'
complete -c cordon -n '__cordon_is run status verify stop' -l runtime-dir -r -a '(__fish_complete_directories)' -d 'Sockets and lock'
