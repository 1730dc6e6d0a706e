(alias_name) @reference
