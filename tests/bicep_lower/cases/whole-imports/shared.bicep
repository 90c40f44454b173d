import * as far from 'far.bicep'

@export()
type size = int

@export()
type unused = {
  size: size
}

@export()
var names = ['a']

@export()
func half(x int) int => x / far.two()

@export()
func alsoUnused() string => 'x'

func hidden() int => 1
