; Everything is a call; what it defines is said by the name that is called.
(call target: (identifier) @_word (arguments . (_) @name) (do_block) @body (#eq? @_word "defmodule")) @definition.module
(call target: (identifier) @_word (arguments . (_) @name) (do_block) @body (#eq? @_word "defprotocol")) @definition.interface
(call target: (identifier) @_word (arguments . (_) @name) (do_block) @body (#eq? @_word "defimpl")) @definition.implementation
(call target: (identifier) @_word
  (arguments . [
    (identifier) @name
    (call target: (identifier) @name (arguments)? @parameters)
    (binary_operator left: (call target: (identifier) @name (arguments)? @parameters) operator: "when")
    (binary_operator left: (identifier) @name operator: "when")
  ])
  (do_block)? @body
  (#any-of? @_word "def" "defp" "defmacro" "defmacrop" "defguard" "defguardp" "defdelegate" "defn" "defnp")) @definition.function
(call target: (identifier) @name (arguments) (#any-of? @name "defstruct" "defexception")) @definition.struct
(call target: (identifier) @_word (arguments . (string) @name) (do_block) @body (#any-of? @_word "test" "describe")) @definition.function
(unary_operator operator: "@" operand: (call target: (identifier) @_word
  (arguments . (binary_operator left: [(identifier) @name (call target: (identifier) @name)])))
  (#any-of? @_word "type" "typep" "opaque")) @definition.type
(unary_operator operator: "@" operand: (call target: (identifier) @_word
  (arguments . (binary_operator left: (call target: (identifier) @name (arguments)? @parameters))))
  (#any-of? @_word "callback" "macrocallback")) @definition.method
(do_block (unary_operator operator: "@" operand: (call target: (identifier) @name (arguments))
  (#not-match? @name "^(moduledoc|doc|typedoc|spec|type|typep|opaque|callback|macrocallback|impl|behaviour|derive|enforce_keys|tag|moduletag|describetag|deprecated|compile|dialyzer|optional_callbacks|before_compile|after_compile|on_load|external_resource)$")) @definition.constant)
