// codex-market: storage is bought, sold, proven and paid with single commands.
#include "market.hpp"

int main(int argc, char** argv) {
    const codex::cli::ToolSpec spec{
        .name = "codex-market",
        .summary = "buy storage, sell it, prove it and be paid",
        .declare =
            [](codex::cli::Command& root) {
                root.example("codex-market init --verifier test && codex-market key new")
                    .example("codex-prove slots zDvZRwzm... | codex-market request --duration 1h "
                             "--price 1 --collateral 1");
                codex::market_tool::declare_init(root);
                codex::market_tool::declare_key(root);
                codex::market_tool::declare_time(root);
                codex::market_tool::declare_balance(root);
                codex::market_tool::declare_token(root);
                codex::market_tool::declare_id(root);
                codex::market_tool::declare_request(root);
                codex::market_tool::declare_reserve(root);
                codex::market_tool::declare_challenge(root);
                codex::market_tool::declare_proofs(root);
                codex::market_tool::declare_mark_missing(root);
                codex::market_tool::declare_free(root);
                codex::market_tool::declare_withdraw(root);
                codex::market_tool::declare_get(root);
                codex::market_tool::declare_list(root);
                codex::market_tool::declare_events(root);
                codex::market_tool::declare_ledger(root);
            },
        .declare_config = codex::market_tool::declare_config,
    };
    return codex::cli::run_tool(argc, argv, spec);
}
