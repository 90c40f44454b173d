output all object = loadJsonContent('data.json')
output second object = loadJsonContent('data.json', '$.list[?(@.key >= 2)]')
output texts array = loadJsonContent('data.json', '$..text')
output yaml object = loadYamlContent('data.yaml')

func inFunction() object => loadYamlContent('data.yaml')
