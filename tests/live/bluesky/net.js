// Starts the developers' own Bluesky network (PDS, AppView, PLC) and obeys one word per line from standard input.
// `settle` waits until the AppView has taken up everything; the end of the input ends the process.
const readline = require('node:readline')
const { TestNetwork } = require('@atproto/dev-env')

const say = (word) => process.stdout.write(`${JSON.stringify(word)}\n`)

async function main() {
  const network = await TestNetwork.create({
    dbPostgresSchema: 'live',
    pds: { hostname: 'localhost', enableDidDocWithSession: true, rateLimitsEnabled: true },
  })
  say({ pds: network.pds.port, appview: network.bsky.port })
  for await (const line of readline.createInterface({ input: process.stdin })) {
    if (line === 'settle') {
      await network.processAll()
      say('settled')
    }
  }
  await network.close()
  process.exit(0)
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`)
  process.exit(1)
})
