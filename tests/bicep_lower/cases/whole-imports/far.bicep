@export()
func two() int => 2

@export()
func three() int => 3
