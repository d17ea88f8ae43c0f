# SPDX-License-Identifier: GPL-3.0-or-later
_sparekey ()
{
  local cur=${COMP_WORDS[COMP_CWORD]} word
  COMPREPLY=()
  # What follows "--" is a file, whatever it looks like.
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [ "$word" != -- ] || cur=./$cur
  done
  case $cur in
    -*) COMPREPLY=($(compgen -W '--encrypt --decrypt --inspect --recover --authority --help --version' -- "$cur")) ;;
    *) compopt -o filenames 2>/dev/null
       local IFS=$'\n'
       COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")) ;;
  esac
}
complete -F _sparekey sparekey
