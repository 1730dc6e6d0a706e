(namespace_use_declaration (namespace_use_clause . (name) @import.module)) @import
(namespace_use_declaration (namespace_use_clause . (name) @import.module alias: (name) @import.alias)) @import
(namespace_use_clause (qualified_name prefix: (_) @import.module (name) @import.name) !alias) @import
(namespace_use_clause (qualified_name prefix: (_) @import.module (name) @import.name) alias: (name) @import.alias) @import
; The members of a list begin with what stands before it.
(namespace_use_declaration (namespace_name) @import.prefix body: (namespace_use_group) @import.group)
(namespace_use_group (namespace_use_clause . (name) @import.name !alias)) @import
(namespace_use_group (namespace_use_clause . (name) @import.name alias: (name) @import.alias)) @import
(require_expression [(string) (encapsed_string)] @import.module) @import
(require_once_expression [(string) (encapsed_string)] @import.module) @import
(include_expression [(string) (encapsed_string)] @import.module) @import
(include_once_expression [(string) (encapsed_string)] @import.module) @import
; require __DIR__ . "/x.php"
(require_expression (binary_expression right: [(string) (encapsed_string)] @import.module)) @import
(require_once_expression (binary_expression right: [(string) (encapsed_string)] @import.module)) @import
(include_expression (binary_expression right: [(string) (encapsed_string)] @import.module)) @import
(include_once_expression (binary_expression right: [(string) (encapsed_string)] @import.module)) @import
