// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// A Groth16 verifier over BN254 with the interface of the Codex contracts: the verifying key is a
/// constructor argument, and a proof is a struct of eight words, real before imaginary.
///
/// A proof (a, b, c) of the public inputs x is accepted iff
///     e(-a, b) * e(alpha1, beta2) * e(ic[0] + sum of x[i] * ic[i + 1], gamma2) * e(c, delta2) = 1.
/// The precompiled contracts 0x06 to 0x08 (EIP-196 and EIP-197) refuse coordinates that are not
/// reduced and points outside their groups, and that refuses the proof.
contract Groth16Verifier {
    struct G1 {
        uint256 x;
        uint256 y;
    }

    /// real + imaginary * u with u * u = -1
    struct Fq2 {
        uint256 real;
        uint256 imaginary;
    }

    struct G2 {
        Fq2 x;
        Fq2 y;
    }

    struct Key {
        G1 alpha1;
        G2 beta2;
        G2 gamma2;
        G2 delta2;
        G1[] ic;
    }

    struct Proof {
        G1 a;
        G2 b;
        G1 c;
    }

    /// Order of the groups, and so the modulus of the public inputs.
    uint256 private constant R =
        21888242871839275222246405745257275088548364400416034343698204186575808495617;
    /// Modulus of the coordinates.
    uint256 private constant Q =
        21888242871839275222246405745257275088696311157297823662689037894645226208583;

    uint256 private constant WORDS_A_PAIR = 6;

    Key private key;

    error NoInputPoints();

    constructor(Key memory key_) {
        if (key_.ic.length == 0) revert NoInputPoints();
        key.alpha1 = key_.alpha1;
        key.beta2 = key_.beta2;
        key.gamma2 = key_.gamma2;
        key.delta2 = key_.delta2;
        for (uint256 i = 0; i < key_.ic.length; ++i) {
            key.ic.push(key_.ic[i]);
        }
    }

    /// Whether `proof` shows the statement with these public inputs. False, too, for a wrong number
    /// of inputs, an input of R or above, and points that are none; but where the y of a is above Q, taking it
    /// from Q panics.
    function verify(Proof calldata proof, uint256[] calldata inputs) external view returns (bool) {
        if (inputs.length + 1 != key.ic.length) return false;
        G1 memory sum = key.ic[0];
        for (uint256 i = 0; i < inputs.length; ++i) {
            if (inputs[i] >= R) return false;
            (bool scaled, G1 memory part) = scale(key.ic[i + 1], inputs[i]);
            if (!scaled) return false;
            bool added;
            (added, sum) = add(sum, part);
            if (!added) return false;
        }
        uint256[] memory pairs = new uint256[](4 * WORDS_A_PAIR);
        put(pairs, 0, G1(proof.a.x, (Q - proof.a.y) % Q), proof.b);
        put(pairs, 1, key.alpha1, key.beta2);
        put(pairs, 2, sum, key.gamma2);
        put(pairs, 3, proof.c, key.delta2);
        return productIsOne(pairs);
    }

    /// Pair `index` of the pairing's input. The precompiled contract wants imaginary before real.
    function put(uint256[] memory pairs, uint256 index, G1 memory p, G2 memory q) private pure {
        uint256 at = index * WORDS_A_PAIR;
        pairs[at] = p.x;
        pairs[at + 1] = p.y;
        pairs[at + 2] = q.x.imaginary;
        pairs[at + 3] = q.x.real;
        pairs[at + 4] = q.y.imaginary;
        pairs[at + 5] = q.y.real;
    }

    function add(G1 memory p, G1 memory q) private view returns (bool ok, G1 memory sum) {
        uint256[4] memory from = [p.x, p.y, q.x, q.y];
        assembly ("memory-safe") {
            ok := staticcall(gas(), 0x06, from, 0x80, sum, 0x40)
        }
    }

    function scale(G1 memory p, uint256 by) private view returns (bool ok, G1 memory product) {
        uint256[3] memory from = [p.x, p.y, by];
        assembly ("memory-safe") {
            ok := staticcall(gas(), 0x07, from, 0x60, product, 0x40)
        }
    }

    function productIsOne(uint256[] memory pairs) private view returns (bool) {
        bool ok;
        uint256[1] memory one;
        assembly ("memory-safe") {
            ok := staticcall(gas(), 0x08, add(pairs, 0x20), mul(mload(pairs), 0x20), one, 0x20)
        }
        return ok && one[0] == 1;
    }
}
