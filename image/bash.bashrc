# Interactive shells of the nettools image.
[ -n "${PS1-}" ] || return 0
PS1='nettools:\h \w\$ '
HISTCONTROL=ignoreboth
shopt -s checkwinsize
alias ls='ls --color=auto' ll='ls -l' ip='ip -color=auto' grep='grep --color=auto'
