local M = {}

--- Like vim.lsp.buf.code_action(), with the diagnostics of all servers and linters on the line.
---
--- Neovim sends each server only the diagnostics that this server reported itself; a quick fix for
--- another one's can't be offered then.
---@param opts? vim.lsp.buf.code_action.Opts
function M.code_action(opts)
  opts = vim.deepcopy(opts or {})
  local line = vim.api.nvim_win_get_cursor(0)[1] - 1
  opts.context = opts.context or {}
  opts.context.diagnostics = opts.context.diagnostics
    or vim.lsp.diagnostic.from(vim.diagnostic.get(0, { lnum = line }))
  vim.lsp.buf.code_action(opts)
end

--- Stop every run of the agent.
function M.cancel()
  for _, client in ipairs(vim.lsp.get_clients({ name = "lsp_agent" })) do
    client:exec_cmd({ title = "cancel", command = "lspAgent.cancel", arguments = { vim.empty_dict() } })
  end
end

return M
