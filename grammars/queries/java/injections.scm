(string_literal) @injection.string
