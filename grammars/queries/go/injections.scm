[(raw_string_literal) (interpreted_string_literal)] @injection.string
