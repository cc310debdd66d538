/** The last instruction that was good, on disk, so that a probe works on while its controller is gone. */
import { join } from 'node:path';
import { readJson, replaceFile } from './durable.ts';
import { Fault } from './fault.ts';
import { type Instruction, instructionSchema } from './instruction.ts';

const FILE = 'instruction.json';

export interface KnownInstruction {
  readonly etag: string | null;
  readonly instruction: Instruction;
}

/** null where there is none, or none that is whole and meant for `probe`. */
export async function loadInstruction(
  directory: string,
  probe: string,
): Promise<KnownInstruction | null> {
  const stored = (await readJson(join(directory, FILE))) as Partial<KnownInstruction> | undefined;
  const parsed = instructionSchema.safeParse(stored?.instruction);
  if (!parsed.success || parsed.data.agentId !== probe) return null;
  return { etag: typeof stored?.etag === 'string' ? stored.etag : null, instruction: parsed.data };
}

export function saveInstruction(directory: string, known: KnownInstruction): Promise<void> {
  return replaceFile(join(directory, FILE), `${JSON.stringify(known)}\n`);
}

/**
 * The instruction that `candidate` is, if the probe may follow it.
 *
 * @throws Fault `instruction-invalid`, `instruction-foreign`, `instruction-older`: the known one stays
 */
export function acceptInstruction(
  known: Instruction | null,
  candidate: unknown,
  probe: string,
): Instruction {
  const parsed = instructionSchema.safeParse(candidate);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = issue?.path.join('.') || 'instruction';
    throw new Fault(
      'instruction-invalid',
      `指令的 ${where} 不合要求,沿用原指令:${issue?.message}`,
      `the instruction's ${where} is not as it must be, keeping the one before: ${issue?.message}`,
    );
  }
  const { agentId, generation } = parsed.data;
  if (agentId !== probe)
    throw new Fault(
      'instruction-foreign',
      `指令是给探针 ${agentId} 的,本探针是 ${probe}:请核对令牌与 --probe`,
      `the instruction is for ${agentId}, this probe is ${probe}: check token and --probe`,
    );
  if (known && generation < known.generation)
    throw new Fault(
      'instruction-older',
      `站点给出的指令(第 ${generation} 代)比现有的(第 ${known.generation} 代)旧,拒绝倒退`,
      `the station gave instruction generation ${generation}, older than ${known.generation}: refused`,
    );
  return parsed.data;
}
