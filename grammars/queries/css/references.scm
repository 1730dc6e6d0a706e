(class_selector (class_name (identifier) @reference))
(id_selector (id_name) @reference)
((plain_value) @reference (#match? @reference "^--"))
((property_name) @reference (#match? @reference "^--"))
