(table . "[" . (_) @name) @definition.module
(table_array_element . "[[" . (_) @name) @definition.module
(pair . (_) @name (inline_table) @body) @definition.module
(pair . (_) @name (array) @body) @definition.array
(pair . (_) @name) @definition.property
