; @import.path is a dotted path whose last part is the name, unless there is an @import.module.
(import_declaration "import" . path: _+ @import.path) @import
(import_declaration path: _+ @import.module . "." . (namespace_wildcard)) @import
(import_declaration path: _+ @import.module . "." . (namespace_selectors [(identifier) (namespace_wildcard)] @import.name)) @import
(import_declaration path: _+ @import.module . "." . (namespace_selectors (arrow_renamed_identifier name: (_) @import.name alias: (_) @import.alias))) @import
