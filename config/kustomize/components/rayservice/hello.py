from ray import serve


@serve.deployment(num_replicas=1, ray_actor_options={"num_cpus": 0.5})
class Hello:
    def __call__(self):
        print("said hello")
        return "hello"


app = Hello.bind()
