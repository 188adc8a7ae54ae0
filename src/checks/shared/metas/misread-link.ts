/** NT-SVC-028, which the sockets check raises too. */
import { advice, kubectl } from '../../../model/advice.ts';

export const meta = {
  id: 'NT-SVC-028',
  title: "A container takes a Service's variable for a setting of its own",
  severities: ['critical'],
  meaning:
    'Kubernetes tells each container of the Services of its namespace, by variables that it names after them: of a Service web these are WEB_PORT, which is no port but tcp://ADDRESS:PORT, WEB_SERVICE_HOST and others (service links). A program that has a setting of the same name, mostly since the Service is called like it, reads that, cannot make anything of it, and ends. It begins with the first start after the Service was made, and looks like a fault of the program or of the Service: nobody has set the variable.',
  rule: "A container of a pod behind the Service that has no ready endpoint, or of an endpoint that refuses and was started anew less than two minutes ago, of the pod that is DEST, or of the target ended by itself within two minutes of its start, with an exit code that is neither 0 nor that of a signal from outside (API). Its pod does not have enableServiceLinks: false; a Service of its namespace that was made before that start has a cluster IP; the container's spec neither sets the variable nor names it or its value. And the last 50 lines of the log of that run (16 KiB at most, read only here, with the right get pods/log) complain that something cannot be read, in lines with the variable's name or its very value (the value alone where envFrom may set the name), not as one of many that are printed, nor in a warning; and of nothing else after that. Nothing of the log is kept.",
  source:
    'Kubernetes documentation, "Service", "Environment variables"; pkg/kubelet/envvars; osixia/container-openldap#457, livekit/livekit#2961, moghtech/komodo#717',
  remedy: advice`Set enableServiceLinks: false in the pod's spec (in the template of its Deployment), if nothing in the pod uses variables of Services on purpose. Or set the variable in the container's env to what the program wants; or give the Service another name. Then the pods have to be started anew. What is in the log: ${kubectl`logs --previous POD`}.`,
  explains: {
    depth: 608,
    subject: [
      'NT-SVC-001',
      'NT-SVC-003',
      'NT-SVC-007',
      'NT-SYS-004',
      'NT-FW',
      'NT-LAT',
      'NT-SOCK-001',
      'NT-TLS',
      'NT-HTTP-001',
      'NT-PATH',
    ],
  },
} as const;
