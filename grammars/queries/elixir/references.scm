[(identifier) (alias)] @reference
(call target: [(identifier) @reference.call (dot right: (identifier) @reference.call)])
; What is a keyword in other languages is a call here.
((call target: (identifier) @none) (#any-of? @none
  "def" "defp" "defmacro" "defmacrop" "defmodule" "defstruct" "defguard" "defguardp" "defdelegate"
  "defprotocol" "defimpl" "defexception" "defoverridable" "alias" "import" "require" "use" "if"
  "unless" "case" "cond" "with" "for" "quote" "unquote" "receive" "try" "raise" "fn"))
((call target: (identifier) @_define (arguments [
    (identifier) @declaration
    (call target: (identifier) @declaration)
    (call (arguments (identifier) @declaration))
    (binary_operator left: (call target: (identifier) @declaration))
    (binary_operator left: (call (arguments (identifier) @declaration)))
  ])) (#any-of? @_define "def" "defp" "defmacro" "defmacrop" "defguard" "defdelegate"))
(stab_clause left: (arguments (identifier) @declaration))
((call target: (identifier) @_define (arguments . (alias) @declaration)) (#any-of? @_define "defmodule" "defprotocol"))
