(string) @injection.string
