// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// What is paid with; anyone may mint (codex-market(7), TOKEN).
contract Token is ERC20("TestToken", "TST") {
    function mint(address holder, uint256 amount) external {
        _mint(holder, amount);
    }
}
