@export()
func twice(x int) int => 2 * x
