# SPDX-License-Identifier: GPL-3.0-or-later
complete -c sparekey -l encrypt -d 'Encrypt files and folders, whatever they are'
complete -c sparekey -l decrypt -d 'Decrypt files'
complete -c sparekey -l inspect -d 'Show who can open files'
complete -c sparekey -l recover -d 'Let the backup authority help with files'
complete -c sparekey -l authority -d 'Open the window of a backup authority'
complete -c sparekey -l help -d 'List the options'
complete -c sparekey -l version -d 'Show the version'
