(use_declaration argument: [(identifier) (crate) (self) (super)] @import.module) @import
(use_declaration argument: (scoped_identifier path: (_) @import.module name: (_) @import.name)) @import
(use_declaration argument: (use_wildcard (_) @import.module)) @import
(use_declaration argument: (use_as_clause path: (scoped_identifier path: (_) @import.module name: (_) @import.name) alias: (_) @import.alias)) @import
(use_declaration argument: (use_as_clause path: (identifier) @import.module alias: (_) @import.alias)) @import
; The members of a list begin with what stands before it.
(scoped_use_list path: (_) @import.prefix list: (use_list) @import.group)
(use_list [(identifier) (self)] @import.name) @import
(use_list (use_wildcard . "*") @import.name) @import
(use_list (use_as_clause path: [(identifier) (self)] @import.name alias: (_) @import.alias)) @import
(use_list (scoped_identifier path: (_) @import.module name: (_) @import.name) @import)
(use_list (use_wildcard (_) @import.module) @import)
(use_list (use_as_clause path: (scoped_identifier path: (_) @import.module name: (_) @import.name) alias: (_) @import.alias) @import)
(extern_crate_declaration name: (identifier) @import.module) @import
(mod_item name: (identifier) @import.module !body) @import
