param p string

output out string = p

@secure()
output hidden string = p
