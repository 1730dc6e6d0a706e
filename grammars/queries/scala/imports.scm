; @import.path is a dotted path whose last part is the name.
(import_declaration . path: (_)+ @import.path .) @import
(import_declaration . path: (_)+ @import.module . (namespace_wildcard)) @import
; The members of a list begin with what stands before it.
(import_declaration . path: (_)+ @import.prefix . (namespace_selectors) @import.group)
(namespace_selectors [(identifier) (namespace_wildcard)] @import.name) @import
(namespace_selectors (arrow_renamed_identifier name: (_) @import.name alias: (_) @import.alias)) @import
