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

function __cordon_channel_is
    set -l words (commandline -opc)
    test "$words[2]" = channel; and contains -- "$words[3]" $argv
end

set -l layers landlock-fs landlock-tcp landlock-ioctl landlock-scope landlock-audit mdwe noexec-seal memfd-noexec cgroup limits selinux

complete -c cordon -f
complete -c cordon -s h -l help -d 'Explain'
complete -c cordon -n __fish_use_subcommand -s V -l version -d 'Say the version'
complete -c cordon -n __fish_use_subcommand -a check -d 'Say every error of a manifest'
complete -c cordon -n __fish_use_subcommand -a plan -d 'Show everything decided'
complete -c cordon -n __fish_use_subcommand -a policy -d 'Write, install or remove the SELinux module'
complete -c cordon -n __fish_use_subcommand -a channel -d 'The records of channels as code'
complete -c cordon -n __fish_use_subcommand -a self-test -d 'Try on this kernel what channels rest on'
complete -c cordon -n __fish_use_subcommand -a run -d 'Confine, prove and start the components'
complete -c cordon -n __fish_use_subcommand -a status -d 'How a running device is'
complete -c cordon -n __fish_use_subcommand -a verify -d 'Read back what is in force'
complete -c cordon -n __fish_use_subcommand -a denials -d 'What was refused, and which line decides'
complete -c cordon -n __fish_use_subcommand -a learn -d 'Try a component for a while and say what it lacks'
complete -c cordon -n __fish_use_subcommand -a stop -d 'Stop a running device'
complete -c cordon -n __fish_use_subcommand -a help -d 'Explain a command'
complete -c cordon -n '__cordon_is help' -a 'check plan policy channel self-test run status verify denials learn stop'
complete -c cordon -n '__cordon_is policy; and not __cordon_policy_is build install remove explain diff scan' -a 'build install remove explain diff scan'

complete -c cordon -n '__cordon_is channel; and not __cordon_channel_is codegen' -a 'codegen'
complete -c cordon -n '__cordon_is self-test' -a channel
complete -c cordon -n '__cordon_channel_is codegen' -l lang -x -a 'rust c' -d 'Language of the code'
complete -c cordon -n '__cordon_channel_is codegen' -l channel -x -d 'This channel alone'

complete -c cordon -n '__cordon_is check plan run denials learn; or __cordon_channel_is codegen; or __cordon_policy_is build install explain diff' -k -a '(__fish_complete_suffix .yaml)'
complete -c cordon -n '__cordon_is status verify denials stop; or __cordon_policy_is remove' -a '(__cordon_devices)'
complete -c cordon -n '__cordon_is check plan policy denials' -l root -r -a '(__fish_complete_directories)' -d 'Tree of the target'
complete -c cordon -n '__cordon_is check plan self-test status verify denials learn; or __cordon_policy_is explain diff' -l json -d 'As JSON'
complete -c cordon -n '__cordon_policy_is build scan; or __cordon_channel_is codegen' -s o -l output -r -a '(__fish_complete_directories)' -d 'Where to write'
complete -c cordon -n '__cordon_policy_is build scan' -l policy-root -r -a '(__fish_complete_directories)' -d 'A system with this base policy'
complete -c cordon -n '__cordon_is run; or __cordon_policy_is build install explain diff' -l target -r -a 'debian-12 debian-13 fedora-targeted yocto-refpolicy-targeted' -d 'Base policy of the target'
complete -c cordon -n '__cordon_is denials; or __cordon_policy_is explain' -l component -x -d 'Explain this component alone'
complete -c cordon -n '__cordon_policy_is explain' -l policy -r -F -d 'Where the base policy is'
complete -c cordon -n '__cordon_policy_is scan' -l name -x -d 'Name of the profile'
complete -c cordon -n '__cordon_policy_is scan' -l base -x -d 'The base policy and its version'
complete -c cordon -n '__cordon_policy_is scan' -l libsepol -x -d 'The version on the target'
complete -c cordon -n '__cordon_policy_is scan' -l contexts -r -F -d 'file_contexts of the policy'
complete -c cordon -n '__cordon_policy_is scan' -l disabled -x -d 'Modules to leave out'
complete -c cordon -n '__cordon_policy_is scan' -l note -x -d 'A line of comment'
complete -c cordon -n '__cordon_policy_is install remove' -l no-relabel -d 'Leave labels as they are'
complete -c cordon -n '__cordon_policy_is install' -l unproved -d 'Go on where nothing can be proved'
complete -c cordon -n '__cordon_is run learn' -l without -x -a "$layers" -d 'Allow this layer to be absent'
complete -c cordon -n '__cordon_is denials' -l follow -d 'Go on with what happens from now on'
complete -c cordon -n '__cordon_is denials' -l enable-audit -d 'Switch auditing on meanwhile'
complete -c cordon -n '__cordon_is denials' -l failures -d 'Have failed calls written down meanwhile'
complete -c cordon -n '__cordon_is learn' -l for -x -d 'How long'
complete -c cordon -n '__cordon_is denials' -l log -r -F -d 'A log of auditd'
complete -c cordon -n '__cordon_is run status verify denials learn stop' -l runtime-dir -r -a '(__fish_complete_directories)' -d 'Sockets and lock'
